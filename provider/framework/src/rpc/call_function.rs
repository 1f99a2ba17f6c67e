//! Calls a function.

use provider_protocol::Context;
use provider_protocol::rpc::call_function::{FunctionError, Request, Response};

use crate::function::{Arguments, wrong_argument};
use crate::server::{Server, decode, encode};
use crate::values::conform;
use crate::{Diagnostic, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let function = server.functions.get(request.name.as_str()).ok_or_else(|| FunctionError {
        text: format!("there is no function named \"{}\"", request.name),
        argument: None,
    })?;
    let signature = function.signature();
    let mut arguments = Vec::with_capacity(request.arguments.len());
    for (index, argument) in request.arguments.iter().enumerate() {
        let parameter =
            signature.parameter(index).ok_or_else(|| wrong_argument(index, "too many arguments"))?;
        let value = decode(argument, &parameter.ty, "argument")
            .map_err(|error| wrong_argument(index, text(&error)))?;
        arguments.push(value);
    }
    let result = function.call(&Arguments(arguments))?;
    encode(&conform(&result, &signature.returns), &signature.returns, "result")
        .map_err(|error| FunctionError { text: text(&error), argument: None })
}

fn text(error: &Diagnostic) -> String {
    format!("{}: {}", error.summary, error.detail)
}
