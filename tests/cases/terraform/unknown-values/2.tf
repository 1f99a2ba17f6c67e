# expect: terraform_data.later update
# expect: probe_thing.a delete,create
# state: probe_thing.a one.label = "after"
# state: probe_thing.a one.seen = 5

resource "terraform_data" "later" {
  input = { label = "after", size = 3 }
}

resource "probe_thing" "a" {
  name = terraform_data.later.output.label
  one  = { label = terraform_data.later.output.label }
}

resource "probe_thing" "b" {
  name  = "b"
  many  = [{ label = "later" }]
  named = { later = { label = "x" } }
  bag   = [{ label = "x" }]

  lamp {
    watts = 3
  }
}
