# error: bug
# absent: probe_thing.a

resource "probe_thing" "a" {
  name = "hall"
  fail = "panic"
}
