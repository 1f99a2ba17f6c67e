# absent: probe_thing.a
# state: probe_thing.b id = "thing-hall"

moved {
  from = probe_thing.a
  to   = probe_thing.b
}

resource "probe_thing" "b" {
  name = "hall"
}
