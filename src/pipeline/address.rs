//! Under which name an endpoint is shown and remembered.

use crate::config::resolved::{Endpoint, ManagedModel, Server};

/// The address as messages show it.
pub fn shown_address(endpoint: &Endpoint) -> String {
    match &endpoint.server {
        Server::Url(url) => url.clone(),
        Server::Managed(_) => address(endpoint),
    }
}

/// The name under which the endpoint is remembered.
pub fn address(endpoint: &Endpoint) -> String {
    match &endpoint.server {
        // One address may serve several models, by the name they are asked by.
        Server::Url(url) => match &endpoint.model {
            Some(model) => format!("{url} {model}"),
            None => url.clone(),
        },
        Server::Managed(managed) => {
            let model = match &managed.model {
                ManagedModel::Quickstart => "managed:quickstart".to_owned(),
                ManagedModel::File(path) => format!("managed:{}", path.display()),
            };
            match &managed.lora {
                Some(lora) => format!("{model} with {}", lora.display()),
                None => model,
            }
        }
    }
}
