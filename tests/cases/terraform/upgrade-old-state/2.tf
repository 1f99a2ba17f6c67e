# do: plan
# state-file: future.tfstate
# error: Resource instance managed by newer provider version

resource "probe_thing" "a" {
  name = "hall"
  size = 4
}
