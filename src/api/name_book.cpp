#include "api/name_book.hpp"

#include <algorithm>

#include "json/reader.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace cairn {

// The keys of names are public knowledge: a blinded context would hide nothing.
NameBook::NameBook() : signer_{std::array<std::uint8_t, 32>{}} {}

Address NameBook::address_of(const Name& name) const {
    const std::lock_guard lock{mutex_};
    if (const auto found = known_.find(name.text); found != known_.end()) return found->second;
    if (known_.size() >= kNamesMax) known_.clear();
    return known_.emplace(name.text, name_address(name, signer_)).first->second;
}

bool NameBook::proves(std::string_view text, const Address& address, const ChainSpec& spec) const {
    const auto party = parse_party(text, spec);
    const auto* name = party ? std::get_if<Name>(&*party) : nullptr;
    return name != nullptr && address_of(*name) == address;
}

std::string encode_envelope(const Envelope& envelope) {
    if (!envelope.from && !envelope.to && !envelope.memo) return {};
    std::string out;
    json::Writer writer{out};
    writer.begin_object();
    if (envelope.from) writer.key("from").string(*envelope.from);
    if (envelope.to) writer.key("to").string(*envelope.to);
    if (envelope.memo) writer.key("memo").string(*envelope.memo);
    writer.end_object();
    return out;
}

std::optional<Envelope> decode_envelope(ByteView bytes) {
    if (bytes.empty() || bytes.front() != '{') return std::nullopt;
    const auto value = json::parse(as_text(bytes), json::Limits{2, 8});
    if (!value || value->object() == nullptr) return std::nullopt;
    Envelope envelope;
    for (const auto& member : *value->object()) {
        const std::string* text = member.value.string();
        if (text == nullptr) return std::nullopt;
        if (member.name == "from")
            envelope.from = *text;
        else if (member.name == "to")
            envelope.to = *text;
        else if (member.name == "memo")
            envelope.memo = *text;
        else
            return std::nullopt;
    }
    return envelope;
}

bool is_showable(ByteView bytes) {
    for (std::string_view text = as_text(bytes); !text.empty();) {
        const auto character = json::first_character(text);
        if (character.length == 0) return false;
        const char32_t value = character.value;
        const bool control = value < 0x20 || (value >= 0x7F && value < 0xA0);
        if (control && value != U'\t' && value != U'\n') return false;
        text.remove_prefix(character.length);
    }
    return true;
}

}  // namespace cairn
