# expect: probe_thing.a delete,create
# state: probe_thing.a id = "thing-room"
# state: probe_thing.a serial = 1
# happened: delete hall, create room

resource "probe_thing" "a" {
  name = "room"
}
