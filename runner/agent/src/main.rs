//! The pushed static program: serves its standard input and output until they close.

fn main() -> std::process::ExitCode {
    runner_agent::job::run_if_asked();
    // Panics are answers, not noise on a terminal that nobody has.
    std::panic::set_hook(Box::new(|_| {}));
    match runner_agent::serve(std::io::stdin().lock(), std::io::stdout(), runner_modules::RealSystem::new) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(_) => std::process::ExitCode::FAILURE,
    }
}
