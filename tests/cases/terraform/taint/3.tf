# expect: probe_thing.a delete,create
# state: probe_thing.a tainted = null
# happened: create hall, delete hall, create hall

resource "probe_thing" "a" {
  name = "hall"
}
