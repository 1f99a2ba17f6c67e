# error: Half made
# state: probe_thing.a tainted = true
# state: probe_thing.a id = "thing-hall"
# state: probe_thing.a ready = null
# absent: probe_thing.b
# error: Nothing was made.

resource "probe_thing" "a" {
  name = "hall"
  fail = "late"
}

resource "probe_thing" "b" {
  name = "b"
  fail = "early"
}
