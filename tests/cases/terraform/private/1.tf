# state: probe_thing.a applies = 1

resource "probe_thing" "a" {
  name = "hall"
}
