//! The command line: parse, do, and say once what went wrong.

use std::process::ExitCode;

fn main() -> ExitCode {
    scrutinio::cli::main()
}
