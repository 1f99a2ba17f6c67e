terraform {
  required_providers {
    streaming = {
      source = "md3/streaming"
    }
  }
}

# The token comes from the environment variable HCLOUD_TOKEN.
provider "streaming" {
}

variable "live" {
  description = "Whether machines exist: apply with -var live=false after the show, and nothing is billed."
  type        = bool
  default     = true
}

resource "streaming_cluster" "show" {
  name = "show"
  live = var.live

  origin = { count = 1, server_types = ["cpx22", "cpx32"], locations = ["fsn1", "nbg1"] }
  edge   = { count = 2, server_types = ["cpx22", "cpx32"], locations = ["fsn1", "nbg1", "hel1"] }
  ssh    = { keys = ["ops"] } # a key of the project, by its name

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "The cluster is not ready; the warnings above say why. Apply again: it goes on from what exists."
    }
  }
}

output "machines" {
  value = { for name, machine in streaming_cluster.show.machines : name => machine.public_ipv4 }
}

output "cost" {
  value = streaming_cluster.show.cost
}
