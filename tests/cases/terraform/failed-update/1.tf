# state: probe_thing.a serial = 1

resource "probe_thing" "a" {
  name = "hall"
}
