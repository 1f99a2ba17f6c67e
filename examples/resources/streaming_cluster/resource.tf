resource "streaming_cluster" "trivia" {
  name = "trivia"
  live = true # false: every machine is deleted, what costs nothing stays

  origin = { count = 2, server_types = ["ccx13", "cpx32"], locations = ["fsn1"] }
  edge = {
    count        = 12
    server_types = ["cpx22", "cx33"] # the next is taken when one is sold out
    locations    = ["fsn1", "nbg1", "hel1"]
  }

  image   = "debian-12"
  ssh     = { keys = ["ops"] }
  access  = { ssh_from = ["203.0.113.0/24"], ingest_from = ["198.51.100.7/32"] }
  rollout = { max_unavailable = "10%" }

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "The cluster is not ready; apply again: it goes on from what exists."
    }
  }
}
