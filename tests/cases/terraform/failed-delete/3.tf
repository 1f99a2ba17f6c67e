# do: destroy
# world: may-delete = {}
# absent: probe_thing.a

resource "probe_thing" "a" {
  name = "hall"
  fail = "delete"
  tags = { precious = "yes" }
}
