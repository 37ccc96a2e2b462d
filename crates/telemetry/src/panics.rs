/// From now on a panic is logged like anything else: redacted, and as JSON where JSON is wanted.
pub(crate) fn log_them() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(
            message = panic.payload_as_str().unwrap_or("a panic without words"),
            error_type = "internal",
            at = panic.location().map(ToString::to_string).unwrap_or_default(),
            thread = thread.name().unwrap_or("unnamed"),
        );
    }));
}
