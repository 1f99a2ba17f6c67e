# state: probe_thing.a applies = 2

resource "probe_thing" "a" {
  name = "hall"
  size = 2
}
