//! The filter of `ListImages` and `DescribeImages`.
use wharf_wire::ecr::{ImageStatusFilter, TagStatus};

/// Which images a listing tells.
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

    /// Whether no image can pass: all of this registry's are active, since archiving is not built.
    pub(super) fn passes_none(self) -> bool {
        match self.status {
            ImageStatusFilter::Active | ImageStatusFilter::Any => false,
            ImageStatusFilter::Archived | ImageStatusFilter::Activating => true,
        }
    }

    /// Whether an image, or an entry of one, passes.
    pub(super) fn passes(self, tagged: bool) -> bool {
        match self.tag_status {
            TagStatus::Any => true,
            TagStatus::Tagged => tagged,
            TagStatus::Untagged => !tagged,
        }
    }
}
