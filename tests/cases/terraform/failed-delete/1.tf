# state: probe_thing.a id = "thing-hall"

resource "probe_thing" "a" {
  name = "hall"
  fail = "delete"
  tags = { precious = "yes" }
}
