"""Hosts, version numbers and time-outs of Jimeng and Dreamina."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from settings.addresses import has_usable_port


class JimengSettings(BaseSettings):
    """Hosts and version numbers of Jimeng (site CN) and Dreamina (US, HK, JP, SG); variables have the fields' names."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    jimeng_cn_base_url: str = Field("https://jimeng.jianying.com", description="API of site CN.")
    jimeng_us_base_url: str = Field("https://dreamina-api.us.capcut.com", description="API of site US.")
    jimeng_hk_base_url: str = Field("https://mweb-api-sg.capcut.com", description="API of site HK.")
    jimeng_jp_base_url: str | None = Field(None, description="API of site JP; not set: as HK.")
    jimeng_sg_base_url: str | None = Field(None, description="API of site SG; not set: as HK.")
    jimeng_cn_commerce_url: str = Field("https://jimeng.jianying.com", description="Credits of site CN.")
    jimeng_us_commerce_url: str = Field("https://commerce.us.capcut.com", description="Credits of site US.")
    jimeng_hk_commerce_url: str = Field("https://commerce-api-sg.capcut.com", description="Credits of site HK.")
    jimeng_jp_commerce_url: str | None = Field(None, description="Credits of site JP; not set: as HK.")
    jimeng_sg_commerce_url: str | None = Field(None, description="Credits of site SG; not set: as HK.")
    jimeng_cn_imagex_url: str = Field("https://imagex.bytedanceapi.com", description="Uploads of site CN.")
    jimeng_us_imagex_url: str = Field("https://imagex16-normal-us-ttp.capcutapi.us", description="Uploads of site US.")
    jimeng_hk_imagex_url: str = Field("https://imagex-normal-sg.capcutapi.com", description="Uploads of site HK.")
    jimeng_jp_imagex_url: str | None = Field(None, description="Uploads of site JP; not set: as HK.")
    jimeng_sg_imagex_url: str | None = Field(None, description="Uploads of site SG; not set: as HK.")
    jimeng_vod_url: str = Field("https://vod.bytedanceapi.com", description="Uploads of films, of all sites.")
    jimeng_cn_page_url: str = Field("https://jimeng.jianying.com", description="Web page of site CN, for Referer.")
    jimeng_us_page_url: str = Field("https://dreamina.capcut.com", description="Web page of site US, for Referer.")
    jimeng_hk_page_url: str = Field("https://dreamina.capcut.com", description="Web page of site HK, for Referer.")
    jimeng_jp_page_url: str | None = Field(None, description="Web page of site JP, for Referer; not set: as HK.")
    jimeng_sg_page_url: str | None = Field(None, description="Web page of site SG, for Referer; not set: as HK.")
    jimeng_cn_aid: int = Field(513695, ge=1, description="Application number of site CN.")
    jimeng_us_aid: int = Field(513641, ge=1, description="Application number of all other sites.")
    default_da_version: str = Field("3.3.9", description="Version of drafts (da_version). Upstream refuses old ones.")
    default_web_version: str = Field("7.5.0", description="Version of the web page (web_version).")
    default_app_version: str = Field("8.4.0", description="Version of the application (Appvr).")
    jimeng_upload_scheme: Literal["https", "http"] = Field("https", description="URL scheme of upload hosts.")
    jimeng_timeout_seconds: float = Field(45, ge=1, description="Time-out of one call, retries included.")
    jimeng_retry_seconds: float = Field(
        1, ge=0, description="Wait before a failed call is repeated; doubles each time. Submits are not repeated."
    )
    jimeng_queries_at_once: int = Field(5, ge=1, le=100, description="Concurrent task queries of one account.")

    @field_validator("*")
    @classmethod
    def _usable(cls, value: object, info: ValidationInfo) -> object:
        name = info.field_name or ""
        if name.endswith("_url") and isinstance(value, str):
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or not has_usable_port(parts):
                raise ValueError("must be an http or https address")
            if parts.query or parts.fragment or parts.username is not None:
                raise ValueError("must be an address without user name, query and fragment")
            return value.rstrip("/")
        if name.endswith("_version") and not re.fullmatch(r"\d+(\.\d+)*", str(value)):
            raise ValueError("must be a version such as 3.3.9")
        return value
