# error: Nothing was made.
# state: probe_thing.a size = 5
# state: probe_thing.a serial = 2

resource "probe_thing" "a" {
  name = "hall"
  size = 6
  fail = "early"
}
