//! The filter of `ListImages` and `DescribeImages`.
use wharf_meta::listing::Which;
use wharf_wire::ecr::{ImageStatusFilter, TagStatus};

/// Which images a list tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    tag_status: TagStatus,
    status: ImageStatusFilter,
}

impl Filter {
    /// ECR's defaults: tagged or not, and active.
    pub(super) fn new(tag_status: Option<TagStatus>, status: Option<ImageStatusFilter>) -> Self {
        Self {
            tag_status: tag_status.unwrap_or(TagStatus::Any),
            status: status.unwrap_or(ImageStatusFilter::Active),
        }
    }

    /// The images that a list is of; `None` when no image can pass: all of this registry's are active, since archiving is
    /// not built.
    pub(super) fn which(self) -> Option<Which> {
        match self.status {
            ImageStatusFilter::Active | ImageStatusFilter::Any => Some(match self.tag_status {
                TagStatus::Any => Which::All,
                TagStatus::Tagged => Which::Tagged,
                TagStatus::Untagged => Which::Untagged,
            }),
            ImageStatusFilter::Archived | ImageStatusFilter::Activating => None,
        }
    }

    /// Whether an image passes that was asked for by name.
    pub(super) fn passes(self, tagged: bool) -> bool {
        match self.which() {
            Some(Which::All) => true,
            Some(Which::Tagged) => tagged,
            Some(Which::Untagged) => !tagged,
            None => false,
        }
    }

    /// What a token is bound to: the page after it is of the same filter.
    pub(super) fn about(self, account: &str, name: &str) -> String {
        format!(
            "{account}/{name} {} {}",
            self.tag_status.as_str(),
            self.status.as_str()
        )
    }
}
