# expect: probe_thing.a update
# state: probe_thing.a size = 6
# state: probe_thing.a serial = 3

resource "probe_thing" "a" {
  name = "hall"
  size = 6
}
