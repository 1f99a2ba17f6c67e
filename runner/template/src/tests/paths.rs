//! Tests of paths on the controller.

use std::path::Path;

use super::{Call, Test};
use crate::error::{Error, Result};
use crate::value::to_str;
use crate::world::PathInfo;

pub(super) const TESTS: &[Test] = &[
    Test::new("abs", &[], |call| Ok(to_str(call.input)?.starts_with('/'))),
    Test::new("is_abs", &[], |call| Ok(to_str(call.input)?.starts_with('/'))),
    Test::new("directory", &[], |call| Ok(info(call)?.is_dir)),
    Test::new("is_dir", &[], |call| Ok(info(call)?.is_dir)),
    Test::new("file", &[], |call| Ok(info(call)?.is_file)),
    Test::new("is_file", &[], |call| Ok(info(call)?.is_file)),
    Test::new("link", &[], |call| Ok(info(call)?.is_link)),
    Test::new("is_link", &[], |call| Ok(info(call)?.is_link)),
    Test::new("exists", &[], |call| Ok(info(call)?.exists)),
    Test::new("link_exists", &[], |call| Ok(info(call)?.link_exists)),
    Test::new("mount", &[], |call| Ok(info(call)?.is_mount)),
    Test::new("is_mount", &[], |call| Ok(info(call)?.is_mount)),
    Test::new("same_file", &["path2!"], same_file),
    Test::new("is_same_file", &["path2!"], same_file),
    Test::new("vaulted_file", &[], |call| {
        let path = to_str(call.input)?;
        let content = call.context.world().read_file(Path::new(&path)).map_err(Error::runtime)?;
        Ok(content.starts_with(b"$ANSIBLE_VAULT"))
    }),
];

fn info(call: &Call<'_>) -> Result<PathInfo> {
    let path = to_str(call.input)?;
    Ok(call.context.world().path_info(Path::new(&path)))
}

fn same_file(call: &Call<'_>) -> Result<bool> {
    let world = call.context.world();
    let (a, b) = (to_str(call.input)?, to_str(call.args.required("path2")?)?);
    for path in [&a, &b] {
        if !world.path_info(Path::new(path)).exists {
            return Err(Error::runtime(format!(
                "[Errno 2] No such file or directory: {}",
                crate::value::quote_repr(path)
            )));
        }
    }
    Ok(world.real_path(Path::new(&a)) == world.real_path(Path::new(&b)))
}
