# do: plan
# error: secret must have 4 to 64 characters.
# never-printed: hu7

variable "secret" {
  default   = "hu7"
  sensitive = true
}

resource "probe_thing" "a" {
  name   = "hall"
  secret = var.secret
}
