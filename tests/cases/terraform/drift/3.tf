# world: hall = null
# expect: probe_thing.a create
# happened: update hall, create hall

resource "probe_thing" "a" {
  name = "hall"
  note = "hello"
}
