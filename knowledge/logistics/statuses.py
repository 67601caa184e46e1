"""What trackers and carriers say of a parcel, in one vocabulary: knowledge.records' ShipmentStatus and CustomsStatus.

Codes are mapped by the tables that AfterShip, 17TRACK and EasyPost publish; a code that stands in no table is an
error, never a guess. A carrier's own words are read by wordings.py and may mean nothing.
"""

from __future__ import annotations

from typing import get_args

from knowledge.logistics.wordings import Mapped, from_text
from knowledge.records import CustomsStatus, ShipmentStatus

__all__ = ["Mapped", "from_17track", "from_aftership", "from_easypost", "from_text"]

# AfterShip's tags are our statuses. Its sub-statuses are a tag and a number; these numbers are published
# (https://www.aftership.com/docs/tracking/enum/delivery-sub-statuses and, for Exception_016 on, the note of
# March 2026 at https://support.aftership.com/en/article/learn-about-delivery-sub-statuses-1b0hdlx/).
_TAGS: dict[str, ShipmentStatus] = {tag: tag for tag in get_args(ShipmentStatus)}
_SUBTAGS: dict[str, frozenset[int]] = {
    "Pending": frozenset(range(1, 7)),
    "InfoReceived": frozenset({1}),
    "InTransit": frozenset(range(1, 11)),
    "OutForDelivery": frozenset({1, 3, 4}),
    "AttemptFail": frozenset(range(1, 4)),
    "AvailableForPickup": frozenset({1}),
    "Delivered": frozenset(range(1, 6)),
    "Exception": frozenset(range(1, 22)),
    "Expired": frozenset({1}),
}
# Exception_006 is "held for payment", which may be cash on delivery as well as duties, so it says nothing of customs.
_AFTERSHIP_CUSTOMS: dict[str, CustomsStatus] = {
    "InTransit_005": "customs_released",
    "InTransit_006": "customs_processing",
    "Exception_004": "customs_held",  # delayed by customs clearance
    "Exception_018": "customs_information_needed",  # documents that an authority asks for are wrong or missing
}

# 17TRACK v2.2, main and sub-statuses: https://api.17track.net/en/doc?version=v2.2. *_Security is security, customs or
# fees without a word on which, so it says nothing of customs.
_TRACK17: dict[str, ShipmentStatus] = {
    "NotFound": "Pending",
    "InfoReceived": "InfoReceived",
    "InTransit": "InTransit",
    "Expired": "Expired",
    "AvailableForPickup": "AvailableForPickup",
    "OutForDelivery": "OutForDelivery",
    "DeliveryFailure": "AttemptFail",
    "Delivered": "Delivered",
    "Exception": "Exception",
}
_TRACK17_SUB: dict[str, frozenset[str]] = {
    "NotFound": frozenset({"Other", "InvalidCode"}),
    "InTransit": frozenset({
        "PickedUp", "Other", "Departure", "Arrival", "CustomsProcessing", "CustomsReleased",
        "CustomsRequiringInformation",
        "TransportArrived", "TransportDeparted",  # in no table, but in bodies of China Post's parcels
    }),
    "Expired": frozenset({"Other"}),
    "AvailableForPickup": frozenset({"Other"}),
    "OutForDelivery": frozenset({"Other"}),
    "DeliveryFailure": frozenset({"Other", "NoBody", "Security", "Rejected", "InvalidAddress"}),
    "Delivered": frozenset({"Other"}),
    "Exception": frozenset({
        "Other", "Returning", "Returned", "NoBody", "Security", "Damage", "Rejected", "Delayed", "Lost", "Destroyed",
        "Cancel",
    }),
}  # fmt: skip
_TRACK17_CUSTOMS: dict[str, CustomsStatus] = {
    "InTransit_CustomsProcessing": "customs_processing",
    "InTransit_CustomsReleased": "customs_released",
    "InTransit_CustomsRequiringInformation": "customs_information_needed",
}

# EasyPost: https://docs.easypost.com/docs/trackers, `status` and `status_detail`. `error` says that the tracker failed,
# which is no news of the parcel. Its codes say nothing of customs.
_EASYPOST: dict[str, ShipmentStatus] = {
    "unknown": "Pending",
    "pre_transit": "InfoReceived",
    "in_transit": "InTransit",
    "out_for_delivery": "OutForDelivery",
    "delivered": "Delivered",
    "available_for_pickup": "AvailableForPickup",
    "return_to_sender": "Exception",
    "failure": "Exception",
    "cancelled": "Exception",
    "error": "Pending",
}
# What a detail adds to a status that only says that the parcel is somewhere on its way.
_EASYPOST_DETAIL: dict[str, ShipmentStatus | None] = {
    "address_correction": None,
    "arrived_at_destination": None,
    "arrived_at_facility": None,
    "arrived_at_pickup_location": "AvailableForPickup",
    "awaiting_information": None,
    "cancelled": "Exception",
    "damaged": "Exception",
    "delayed": None,
    "delivery_exception": "Exception",
    "departed_facility": None,
    "departed_origin_facility": None,
    "expired": "Expired",
    "failure": "Exception",
    "held": "Exception",
    "in_transit": None,
    "label_created": None,
    "lost": "Exception",
    "missorted": None,
    "out_for_delivery": "OutForDelivery",
    "received_at_destination_facility": None,
    "received_at_origin_facility": None,
    "refused": "Exception",
    "return": "Exception",
    "status_update": None,
    "transferred_to_destination_carrier": None,
    "transit_exception": "Exception",
    "unknown": None,
    "weather_delay": None,
}
_VAGUE = frozenset({"unknown", "pre_transit", "in_transit"})


def from_aftership(tag: str, subtag: str | None = None) -> Mapped:
    """A tag, and its sub-status as in Exception_004 where there is one.

    Raises:
        ValueError: one of them is not published, or the sub-status is another tag's.
    """
    if tag not in _TAGS:
        raise ValueError(f"{tag[:40]!r} is no tag of AfterShip's")
    if subtag:
        name, _, number = subtag.partition("_")
        if name != tag or len(number) != 3 or not number.isascii() or not number.isdigit():
            raise ValueError(f"{subtag[:40]!r} is no sub-status of {tag}")
        if int(number) not in _SUBTAGS[tag]:
            raise ValueError(f"{subtag[:40]!r} is not among AfterShip's published sub-statuses")
    return Mapped(_TAGS[tag], _AFTERSHIP_CUSTOMS.get(subtag or ""))


def from_17track(status: str, sub_status: str | None = None) -> Mapped:
    """A main status, and its sub-status as in InTransit_CustomsReleased where there is one.

    Raises:
        ValueError: one of them is not published, or the sub-status is another status's.
    """
    if status not in _TRACK17:
        raise ValueError(f"{status[:40]!r} is no status of 17TRACK's")
    if sub_status and sub_status != status:  # InfoReceived has itself as its only sub-status
        name, _, detail = sub_status.partition("_")
        if name != status or detail not in _TRACK17_SUB.get(status, ()):
            raise ValueError(f"{sub_status[:60]!r} is no sub-status of {status}")
    return Mapped(_TRACK17[status], _TRACK17_CUSTOMS.get(sub_status or ""))


def from_easypost(status: str, detail: str | None = None) -> Mapped:
    """A status and its status_detail where there is one.

    Raises:
        ValueError: one of them is not published.
    """
    if status not in _EASYPOST:
        raise ValueError(f"{status[:40]!r} is no status of EasyPost's")
    if detail and detail not in _EASYPOST_DETAIL:
        raise ValueError(f"{detail[:40]!r} is no status_detail of EasyPost's")
    told = _EASYPOST_DETAIL.get(detail or "") if status in _VAGUE else None
    return Mapped(told or _EASYPOST[status])
