# error: Half made
# state: probe_thing.a size = 5
# state: probe_thing.a serial = 2
# state: probe_thing.a tainted = null

resource "probe_thing" "a" {
  name = "hall"
  size = 5
  fail = "late"
}
