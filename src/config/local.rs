//! Whether an address is of this machine.

/// By itself, as requests read it, and without asking anybody for a name's number.
pub fn is_local(address: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(address) else { return false };
    // A name ends in a full stop where it is written out.
    let Some(host) = url.host_str().map(|host| host.trim_end_matches('.')) else { return false };
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || number.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for local in [
            "http://127.0.0.1:8080",
            "http://LOCALHOST/v1",
            "https://[::1]:80",
            "http://127.8.9.1",
            "http://127.1",
            "http://user@localhost:1/x",
            "http://127.0.0.1\\@example.org",
        ] {
            assert!(is_local(local), "{local}");
        }
        for remote in [
            "http://10.0.0.2:8080",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost@example.org",
            "http://localhost:80@example.org",
            "http://[::2]",
            "http://[::ffff:10.0.0.1]",
            "http://example.org/localhost",
            "http://",
            "localhost",
            "",
        ] {
            assert!(!is_local(remote), "{remote}");
        }
    }
}
