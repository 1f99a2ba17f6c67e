# state: terraform_data.old input = "hall"

resource "terraform_data" "old" {
  input = "hall"
}
