# expect: probe_thing.a create
# said: (sensitive value)
# never-printed: hunter22
# state: probe_thing.a secret = "hunter22"

resource "probe_thing" "a" {
  name   = "hall"
  secret = "hunter22"
}
