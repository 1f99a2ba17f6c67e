terraform {
  required_providers {
    streaming = {
      source = "md3/streaming"
    }
  }
}

# The token comes from the environment variable HCLOUD_TOKEN, or from the hcloud CLI.
provider "streaming" {
}
