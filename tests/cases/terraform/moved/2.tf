# world: hall = {"size": 1}
# absent: terraform_data.old
# state: probe_thing.a id = "thing-hall"

moved {
  from = terraform_data.old
  to   = probe_thing.a
}

resource "probe_thing" "a" {
  name = "hall"
}
