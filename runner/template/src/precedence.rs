//! Where a variable may come from: Ansible's 22 levels, lowest first, and what always wins over them.

/// A source of variables. Later levels win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 1. Values of the command line that are not variables (`-u`).
    CommandLine = 1,
    /// 2. `defaults/main.yml` of a role.
    RoleDefaults,
    /// 3. Group variables of an inventory file or script.
    InventoryGroupVars,
    /// 4. `group_vars/all` next to the inventory.
    InventoryGroupVarsAll,
    /// 5. `group_vars/all` next to the playbook.
    PlaybookGroupVarsAll,
    /// 6. `group_vars/*` next to the inventory.
    InventoryGroupVarsFiles,
    /// 7. `group_vars/*` next to the playbook.
    PlaybookGroupVarsFiles,
    /// 8. Host variables of an inventory file or script.
    InventoryHostVars,
    /// 9. `host_vars/*` next to the inventory.
    InventoryHostVarsFiles,
    /// 10. `host_vars/*` next to the playbook.
    PlaybookHostVarsFiles,
    /// 11. Facts and cached `set_fact`s.
    Facts,
    /// 12. `vars` of a play.
    PlayVars,
    /// 13. Answers to `vars_prompt`.
    PlayVarsPrompt,
    /// 14. `vars_files` of a play.
    PlayVarsFiles,
    /// 15. `vars/main.yml` of a role.
    RoleVars,
    /// 16. `vars` of a block.
    BlockVars,
    /// 17. `vars` of a task.
    TaskVars,
    /// 18. `include_vars`.
    IncludeVars,
    /// 19. `set_fact` and `register`.
    SetFacts,
    /// 20. Parameters of a role, and of `include_role`.
    RoleParams,
    /// 21. Parameters of an include.
    IncludeParams,
    /// 22. `--extra-vars`.
    ExtraVars,
    /// Beyond the documented levels: magic variables, and the loop variables of the task that runs.
    Magic,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Level; 23] = [
        Level::CommandLine,
        Level::RoleDefaults,
        Level::InventoryGroupVars,
        Level::InventoryGroupVarsAll,
        Level::PlaybookGroupVarsAll,
        Level::InventoryGroupVarsFiles,
        Level::PlaybookGroupVarsFiles,
        Level::InventoryHostVars,
        Level::InventoryHostVarsFiles,
        Level::PlaybookHostVarsFiles,
        Level::Facts,
        Level::PlayVars,
        Level::PlayVarsPrompt,
        Level::PlayVarsFiles,
        Level::RoleVars,
        Level::BlockVars,
        Level::TaskVars,
        Level::IncludeVars,
        Level::SetFacts,
        Level::RoleParams,
        Level::IncludeParams,
        Level::ExtraVars,
        Level::Magic,
    ];

    /// The number in Ansible's documentation; 23 for magic variables.
    pub fn number(self) -> u8 {
        self as u8
    }
}
