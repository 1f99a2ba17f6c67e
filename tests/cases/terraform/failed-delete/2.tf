# do: destroy
# expect: probe_thing.a delete
# warning: A precious thing is destroyed
# error: It is held.
# state: probe_thing.a id = "thing-hall"

resource "probe_thing" "a" {
  name = "hall"
  fail = "delete"
  tags = { precious = "yes" }
}
