//! What can be done to a server that exists: power, rebuild, type, image, network, group, protection.

use serde_json::json;

use crate::Id;
use crate::action::Action;
use crate::client::Client;
use crate::error::Error;
use crate::image::Image;
use crate::label::Labels;
use crate::secret::Secret;
use crate::server::{IdOrName, KIND};

/// Actions without parameters: one method each.
macro_rules! plain_actions {
    ($($(#[$meta:meta])* $method:ident = $action:literal;)+) => {
        impl Client {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// Why it was refused.
                pub async fn $method(&self, id: Id) -> Result<Action, Error> {
                    self.act(KIND, id, $action, None).await?.member("action")
                }
            )+
        }
    };
}

plain_actions! {
    /// Powers a server on.
    power_on_server = "poweron";
    /// Cuts a server's power; success means that it is off.
    power_off_server = "poweroff";
    /// Asks a server to shut down; success means that it was asked.
    shutdown_server = "shutdown";
    /// Asks a server to reboot.
    reboot_server = "reboot";
    /// Cuts a server's power and gives it back.
    reset_server = "reset";
    /// Takes a server out of its placement group; it must be off.
    remove_server_from_placement_group = "remove_from_placement_group";
}

impl Client {
    /// Replaces a server's disk by an image. Its addresses, networks, group and price stay. `None` for the user data keeps the old.
    /// The password is there only when the server has no SSH keys.
    ///
    /// # Errors
    /// [`Error::is_protected`] or why it was refused.
    pub async fn rebuild_server(
        &self,
        id: Id,
        image: &IdOrName,
        user_data: Option<&str>,
    ) -> Result<(Action, Option<Secret>), Error> {
        let mut body = json!({ "image": image });
        if let Some(user_data) = user_data {
            body["user_data"] = json!(user_data);
        }
        let answer = self.act(KIND, id, "rebuild", Some(body)).await?;
        Ok((answer.member("action")?, answer.secret("root_password")?))
    }

    /// Changes a server's type; it must be off. A grown disk can never shrink again.
    ///
    /// # Errors
    /// [`Error::is_out_of_stock`], `server_not_stopped`, otherwise why it was refused.
    pub async fn change_server_type(
        &self,
        id: Id,
        to: &IdOrName,
        upgrade_disk: bool,
    ) -> Result<Action, Error> {
        let body = json!({ "server_type": to, "upgrade_disk": upgrade_disk });
        self.act(KIND, id, "change_type", Some(body)).await?.member("action")
    }

    /// Makes a snapshot of a server's disk.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn create_image(
        &self,
        id: Id,
        description: &str,
        labels: &Labels,
    ) -> Result<(Image, Action), Error> {
        let body = json!({ "type": "snapshot", "description": description, "labels": labels });
        let answer = self.act(KIND, id, "create_image", Some(body)).await?;
        Ok((answer.member("image")?, answer.member("action")?))
    }

    /// Protects a server against deletion and rebuilding (the API takes only both alike), or no longer.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn protect_server(&self, id: Id, protected: bool) -> Result<Action, Error> {
        let body = json!({ "delete": protected, "rebuild": protected });
        self.act(KIND, id, "change_protection", Some(body)).await?.member("action")
    }

    /// Attaches a server to a network, at an address or wherever one is free.
    ///
    /// # Errors
    /// `server_already_attached`, `no_subnet_available`, otherwise why it was refused.
    pub async fn attach_server_to_network(
        &self,
        id: Id,
        network: Id,
        ip: Option<&str>,
    ) -> Result<Action, Error> {
        let mut body = json!({ "network": network });
        if let Some(ip) = ip {
            body["ip"] = json!(ip);
        }
        self.act(KIND, id, "attach_to_network", Some(body)).await?.member("action")
    }

    /// Detaches a server from a network.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn detach_server_from_network(&self, id: Id, network: Id) -> Result<Action, Error> {
        self.act(KIND, id, "detach_from_network", Some(json!({ "network": network }))).await?.member("action")
    }

    /// Puts a server, which must be off, into a placement group.
    ///
    /// # Errors
    /// `server_not_stopped`, `already_in_placement_group`, otherwise why it was refused.
    pub async fn add_server_to_placement_group(&self, id: Id, group: Id) -> Result<Action, Error> {
        let body = json!({ "placement_group": group });
        self.act(KIND, id, "add_to_placement_group", Some(body)).await?.member("action")
    }

    /// Sets the reverse DNS name of one of a server's addresses; `None` resets it.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn change_server_dns_ptr(&self, id: Id, ip: &str, name: Option<&str>) -> Result<Action, Error> {
        self.act(KIND, id, "change_dns_ptr", Some(json!({ "ip": ip, "dns_ptr": name })))
            .await?
            .member("action")
    }
}
