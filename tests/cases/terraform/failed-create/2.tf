# expect: probe_thing.a delete,create
# expect: probe_thing.b create
# state: probe_thing.a tainted = null

resource "probe_thing" "a" {
  name = "hall"
}

resource "probe_thing" "b" {
  name = "b"
}
