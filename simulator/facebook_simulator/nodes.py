"""Describe accounts, phone numbers and business portfolios as the Graph API does."""

from typing import Any

from facebook_simulator.health import health_status
from facebook_simulator.listing import select
from facebook_simulator.state import State
from facebook_simulator.world import Account, Business, Phone

_ACCOUNT_FIELDS = ("name", "currency", "timezone_id", "message_template_namespace")
_UNSET_ACCOUNT_FIELDS = (
    "is_enabled_for_insights",
    "marketing_messages_lite_api_status",
    "marketing_messages_onboarding_status",
    "on_behalf_of_business_info",
    "subscribed_apps",
    "disable_marketing_messages_on_cloud_api",
    "owner_business_info",
)
_PHONE_FIELDS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
)
_UNSET_PHONE_FIELDS = (
    "conversational_automation",
    "quality_score",
    "new_name_status",
    "is_preverified_number",
    "search_visibility",
    "eligibility_for_api_business_global_search",
    "certificate",
    "new_certificate",
    "country_code",
    "country_dial_code",
    "whatsapp_business_manager_messaging_limit",
)


class Nodes:
    """Every method returns the fields that the request asks for, and raises GraphError for one that does not exist."""

    def __init__(self, state: State) -> None:
        self._state = state

    def account(self, account: Account, app_id: str) -> dict[str, Any]:
        """Describe a WhatsApp Business account."""
        owner = self._state.owner_of(account)
        node = {
            "id": account.id,
            "name": account.name,
            "currency": "EUR",
            "timezone_id": "1",
            "message_template_namespace": f"namespace_{account.id}",
            "account_review_status": "APPROVED",
            "status": "ACTIVE",
            "business_verification_status": "verified",
            "ownership_type": "SELF",
            "country": "NL",
            "health_status": health_status(account, owner, app_id),
        }
        if owner:
            node["owner_business_info"] = {"name": owner.name, "id": owner.id}
        return select(node, _ACCOUNT_FIELDS, "WhatsAppBusinessAccount", _UNSET_ACCOUNT_FIELDS)

    def phone(self, phone: Phone, account: Account, app_id: str) -> dict[str, Any]:
        """Describe a phone number."""
        webhook = {"application": self._state.apps[app_id].whatsapp_webhook_url or "https://example.com/webhook"}
        if override := self._state.override_of(account, app_id):
            webhook["whatsapp_business_account"] = override
        if own := self._state.content.webhooks.get(phone.id):
            webhook["phone_number"] = own
        node = {
            "id": phone.id,
            "verified_name": phone.verified_name,
            "code_verification_status": phone.code_verification_status,
            "display_phone_number": phone.display_phone_number,
            "quality_rating": phone.quality_rating,
            "platform_type": phone.platform_type,
            "throughput": {"level": "STANDARD" if phone.is_registered else "NOT_APPLICABLE"},
            "webhook_configuration": webhook,
            "name_status": "APPROVED",
            "status": phone.status,
            "messaging_limit_tier": "TIER_1K",
            "account_mode": "LIVE",
            "is_official_business_account": False,
            "is_pin_enabled": bool(phone.pin),
            "is_on_biz_app": phone.is_on_biz_app,
            "last_onboarded_time": phone.last_onboarded_time,
            "health_status": health_status(account, self._state.owner_of(account), app_id, phone),
        }
        return select(node, _PHONE_FIELDS, "WhatsAppBusinessPhoneNumber", _UNSET_PHONE_FIELDS)

    def business(self, business: Business) -> dict[str, Any]:
        """Describe a business portfolio."""
        node = {"id": business.id, "name": business.name, "verification_status": "verified"}
        return select(node, ("name",), "Business")
