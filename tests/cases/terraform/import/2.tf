# What was imported needs no change.

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}
