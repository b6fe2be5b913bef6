import pytest

from services.chassis.edifact import Message, NotEdifact, messages

PLAIN = b"UNB+UNOC:3+A:14+B:14+260105:0900+7'UNH+1+ORDERS:D:96A:UN'FTX+AAI+++it?'s 1 ?+ 1??'UNT+3+1'UNZ+1+7'"


def one(content: bytes) -> Message:
    (found,) = messages(content)
    assert isinstance(found, Message)
    return found


def test_released_separators_are_text():
    message = one(PLAIN)
    assert (message.type, message.control, message.doubts) == ("ORDERS", "7/1", ())
    assert message.segments[1].get(4) == "it's 1 + 1?"


def test_lines_may_be_broken_anywhere():
    for size in range(1, 40):
        broken = b"\r\n".join(PLAIN[start : start + size] for start in range(0, len(PLAIN), size))
        if b"UNB" in broken.replace(b"\r\n", b"")[:3]:
            assert one(broken).segments == one(PLAIN).segments


@pytest.mark.parametrize("marks", [":+,? '", ":+.! ~", "|^.\\*\n", "&%,? #"])
def test_separators_are_those_of_una(marks):
    component, element, _, release, _, terminator = marks
    swap = {":": component, "+": element, "?": release, "'": terminator}
    content = "UNA" + marks + "".join(swap.get(character, character) for character in PLAIN.decode())
    assert one(content.encode()).segments[1].get(4) in {"it's 1 + 1?", f"it{terminator}s 1 {element} 1{release}"}


def test_control_characters_separate_where_unb_uses_them():
    content = PLAIN.replace(b"?'", b"").replace(b"?+", b"").replace(b"??", b"")
    content = content.replace(b"+", b"\x1d").replace(b":", b"\x1f").replace(b"'", b"\x1c")
    assert one(content).type == "ORDERS"


def test_the_character_set_is_the_one_that_unb_names_unless_it_is_utf_8():
    cyrillic = PLAIN.replace(b"UNOC", b"UNOE").decode().replace("it?'s", "Склад")
    for encoding in ("iso8859-5", "utf-8", "utf-16"):
        assert one(cyrillic.encode(encoding)).segments[1].get(4) == "Склад 1 + 1?"


def test_groups_and_several_interchanges_are_counted():
    grouped = PLAIN.replace(b"UNH+", b"UNG+ORDERS+A+B+260105:0900+3+UN+D:96A'UNH+").replace(b"UNZ", b"UNE+1+3'UNZ")
    found = list(messages(grouped + b"\n" + PLAIN))
    assert [message.position for message in found] == ["UNB 1, UNH 1", "UNB 2, UNH 1"]
    assert [message.doubts for message in found] == [(), ()]


@pytest.mark.parametrize(
    ("content", "doubt"),
    [
        (PLAIN.replace(b"UNT+3", b"UNT+4"), "UNT counts 4 segments, there are 3"),
        (PLAIN.replace(b"UNZ+1+7'", b""), "ends without UNZ"),
        (PLAIN.replace(b"UNZ+1", b"UNZ+2"), "UNZ counts 2 messages, there are 1"),
        (PLAIN.replace(b"UNT+3+1'", b""), "ends without UNT"),
    ],
)
def test_what_may_be_missing_is_told(content, doubt):
    assert doubt in one(content).doubts[0]


@pytest.mark.parametrize(("content", "kind"), [(b"ISA*00*", "X12"), (b"STX=ANA:1", "TRADACOMS"), (b"<a/>", "XML")])
def test_what_is_no_edifact_is_named(content, kind):
    (found,) = messages(content)
    assert isinstance(found, NotEdifact)
    assert kind in found.message
