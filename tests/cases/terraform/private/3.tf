# state: probe_thing.a applies = 3

resource "probe_thing" "a" {
  name = "hall"
  size = 3
}
