"""What inventory refuses about bundles.

InvalidArgument
├── BundleEmpty         a bundle of nothing
├── BundleOfItself      a bundle that contains itself
├── BundleNested        a bundle that contains a bundle
└── DuplicateComponent  a component is named twice
"""

from services.kernel.errors import InvalidArgument


class BundleEmpty(InvalidArgument):
    reason = "BUNDLE_EMPTY"

    def __init__(self, bundle_sku: str) -> None:
        super().__init__(f"bundle {bundle_sku} has no components; name at least one", bundle_sku=bundle_sku)


class BundleOfItself(InvalidArgument):
    reason = "BUNDLE_OF_ITSELF"

    def __init__(self, bundle_sku: str) -> None:
        super().__init__(f"bundle {bundle_sku} cannot contain itself", bundle_sku=bundle_sku)


class BundleNested(InvalidArgument):
    reason = "BUNDLE_NESTED"

    def __init__(self, bundle_sku: str, component_sku: str) -> None:
        super().__init__(
            f"bundle {bundle_sku} cannot contain {component_sku}, which is a bundle; name what is in it instead",
            bundle_sku=bundle_sku,
            component_sku=component_sku,
        )


class DuplicateComponent(InvalidArgument):
    reason = "DUPLICATE_COMPONENT"

    def __init__(self, bundle_sku: str, component_sku: str) -> None:
        super().__init__(
            f"bundle {bundle_sku} names {component_sku} twice; send one entry with the sum",
            bundle_sku=bundle_sku,
            component_sku=component_sku,
        )
