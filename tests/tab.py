"""What a browser's tab knows and says in Streamlit's own protocol, whoever carries the messages."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_numbers = itertools.count()


@dataclass(kw_only=True)
class Tab:
    """Its session, its page and its address, as the server named them last."""

    session: str = ""
    page_hash: str = ""
    query: str = ""

    def rerun_message(
        self, values: Mapping[str, tuple[str, object]], page_name: str | None = None, fragment: str = ""
    ) -> BackMsg:
        """Run the page, or one fragment of it; `values`: widget id -> (kind of value, value)."""
        message = BackMsg()
        wanted = message.rerun_script
        wanted.query_string, wanted.page_script_hash = self.query, self.page_hash
        wanted.fragment_id = fragment
        if page_name is not None:
            wanted.page_name = page_name
        for name, (kind, value) in values.items():
            state = wanted.widget_states.widgets.add()
            state.id = name
            if isinstance(value, Message):
                getattr(state, kind).CopyFrom(value)
            else:
                setattr(state, kind, value)
        return message

    def place_message(self, name: str) -> BackMsg:
        """Where does a file of that name go? The answer is a `file_urls_response`."""
        message = BackMsg()
        asked = message.file_urls_request
        asked.request_id, asked.session_id = f"request-{next(_numbers)}", self.session
        asked.file_names.append(name)
        return message

    def hear(self, message: ForwardMsg) -> bool:
        """Take down what it says of the session; whether the run has ended with it."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            self.page_hash = message.new_session.page_script_hash
        elif kind == "navigation":
            self.page_hash = message.navigation.page_script_hash or self.page_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


def chosen(place: FileURLs, name: str, size: int) -> tuple[str, FileUploaderState]:
    """The value of a field that holds the file at `place`."""
    state = FileUploaderState()
    state.uploaded_file_info.add(file_id=place.file_id, name=name, size=size).file_urls.CopyFrom(place)
    return "file_uploader_state_value", state
