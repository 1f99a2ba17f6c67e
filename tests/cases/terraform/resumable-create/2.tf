# world: may-finish = {}
# expect: probe_thing.a update
# state: probe_thing.a ready = true
# happened: create hall, update hall

resource "probe_thing" "a" {
  name = "hall"
  fail = "resume"
}
