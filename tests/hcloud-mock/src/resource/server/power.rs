//! Server actions without a body that switch it on, off, or around.
use crate::action::Effect;
use crate::call::Call;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Object};
use crate::resource::here;
use crate::resource::server::{Change, Server, create};

/// Starts an action on the server of the path, after it was found not to be locked.
fn begin(call: &mut Call<'_>, command: &str, while_running: Option<&str>, change: Change) -> Answer {
    let id = here::<Server>(call)?.base.id;
    call.check_unlocked(Kind::Server, id)?;
    if let (Some(status), Some(server)) = (while_running, call.project.servers.get_mut(&id)) {
        server.transition(status);
    }
    let action = call.begin_on(command, Kind::Server, id, Effect::Server(id, change));
    call.reply_action(201, action)
}

/// `poweron`: no effect on a server that runs.
pub fn poweron(call: &mut Call<'_>) -> Answer {
    let server = here::<Server>(call)?;
    if !server.has_interface() {
        let message = "server requires at least one network interface to be powered on";
        return Err(ApiError::unprocessable("invalid_server_state", message));
    }
    let status = if server.status == "running" { "running" } else { "starting" };
    begin(call, "start_server", Some(status), Change::On)
}

/// `poweroff`: pulls the plug.
pub fn poweroff(call: &mut Call<'_>) -> Answer {
    let status = if here::<Server>(call)?.is_off() { "off" } else { "stopping" };
    begin(call, "stop_server", Some(status), Change::Off)
}

/// `shutdown`: ends when the operating system was told, not when it is off.
pub fn shutdown(call: &mut Call<'_>) -> Answer {
    check_running(call)?;
    begin(call, "shutdown_server", None, Change::ShuttingDown)
}

/// `reboot`.
pub fn reboot(call: &mut Call<'_>) -> Answer {
    check_running(call)?;
    begin(call, "reboot_server", None, Change::Rebooted)
}

/// `reset`.
pub fn reset(call: &mut Call<'_>) -> Answer {
    check_running(call)?;
    begin(call, "reset_server", None, Change::Rebooted)
}

/// `reset_password`: gives a new password.
pub fn reset_password(call: &mut Call<'_>) -> Answer {
    check_running(call)?;
    let id = here::<Server>(call)?.base.id;
    call.check_unlocked(Kind::Server, id)?;
    let action = call.begin_on("reset_password", Kind::Server, id, Effect::Server(id, Change::Nothing));
    let root_password = create::password(action);
    Object::new().set("root_password", &root_password).set("action", &call.action(action)).send(201)
}

/// `request_console`: gives an address nobody listens on.
pub fn request_console(call: &mut Call<'_>) -> Answer {
    let id = here::<Server>(call)?.base.id;
    call.check_unlocked(Kind::Server, id)?;
    let action = call.begin_on("request_console", Kind::Server, id, Effect::Server(id, Change::Nothing));
    let url = format!("wss://console.hetzner.cloud/?server_id={id}&token={}", create::password(action ^ id));
    Object::new()
        .set("wss_url", &url)
        .set("password", &create::password(action))
        .set("action", &call.action(action))
        .send(201)
}

fn check_running(call: &Call<'_>) -> Result<(), ApiError> {
    let server = here::<Server>(call)?;
    call.check_unlocked(Kind::Server, server.base.id)?;
    if server.status == "running" {
        return Ok(());
    }
    Err(ApiError::unprocessable("server_not_running", "the action requires a running server"))
}
