# state: probe_thing.a note = "Hello"

resource "probe_thing" "a" {
  name = "hall"
  note = "Hello"
}
