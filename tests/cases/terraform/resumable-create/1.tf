# warning: Not finished
# state: probe_thing.a ready = false
# state: probe_thing.a tainted = null
# after: a difference

resource "probe_thing" "a" {
  name = "hall"
  fail = "resume"
}
