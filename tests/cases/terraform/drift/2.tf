# world: hall = {"size": 7}
# expect: probe_thing.a update
# state: probe_thing.a size = 1

resource "probe_thing" "a" {
  name = "hall"
  note = "HELLO"
}
