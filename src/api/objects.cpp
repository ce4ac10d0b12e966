#include "api/objects.hpp"

#include <array>
#include <charconv>

#include "core/base/hex.hpp"
#include "core/primitives/address.hpp"
#include "core/primitives/codec.hpp"
#include "core/primitives/coins.hpp"

namespace cairn {
namespace {

/// `extra` of a reward begins with the miner's extranonce (docs/consensus.md, the miner's habits).
constexpr std::size_t kExtranonceSize = 8;

}  // namespace

std::string bits_text(CompactBits bits) {
    Bytes bytes;
    append_big_endian(bytes, bits.value);
    return to_hex(bytes);
}

std::string work_text(const ChainWork& work) { return to_hex(work.to_big_endian()); }

std::string double_text(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

std::string Objects::address(const Address& address) const {
    return format_address(address, spec_.prefix);
}

std::string Objects::shown(const std::optional<std::string>& text, const Address& who) const {
    if (text && names_.proves(*text, who, spec_)) return *text;
    return address(who);
}

void Objects::transfer(json::Writer& out, const Txid& id, const Transfer& transfer) const {
    const auto envelope = spec_.names ? decode_envelope(transfer.data) : std::nullopt;
    out.begin_object().key("id").string(id.to_string());
    out.key("sender").string(shown(envelope ? envelope->from : std::nullopt, transfer.sender));
    out.key("recipient").string(shown(envelope ? envelope->to : std::nullopt, transfer.recipient));
    if (spec_.names) {
        out.key("sender_address").string(address(transfer.sender));
        out.key("recipient_address").string(address(transfer.recipient));
    }
    out.key("amount").raw(format_coin_units(transfer.amount));
    out.key("fee").raw(format_coin_units(transfer.fee));
    out.key("nonce").number(transfer.nonce);
    out.key("data").hex(transfer.data);
    if (envelope) {
        if (envelope->memo && is_showable(as_bytes(*envelope->memo)))
            out.key("memo").string(*envelope->memo);
    } else if (!transfer.data.empty() && is_showable(transfer.data)) {
        out.key("memo").string(as_text(transfer.data));
    }
    out.key("signature").hex(transfer.signature.bytes);
    out.key("size").number(transfer_size(transfer.data.size()));
    out.end_object();
}

void Objects::reward(json::Writer& out, const Txid& id, const Reward& reward) const {
    std::optional<Envelope> envelope;
    if (spec_.names && reward.extra.size() > kExtranonceSize)
        envelope = decode_envelope(ByteView{reward.extra}.subspan(kExtranonceSize));
    out.begin_object().key("id").string(id.to_string());
    out.key("sender").string("0");
    out.key("recipient").string(shown(envelope ? envelope->to : std::nullopt, reward.recipient));
    if (spec_.names) out.key("recipient_address").string(address(reward.recipient));
    out.key("amount").raw(format_coin_units(reward.amount));
    out.key("height").number(reward.height);
    out.key("extra").hex(reward.extra);
    out.key("size").number(encode(reward).size());
    out.end_object();
}

void Objects::transaction(json::Writer& out, const TransactionSlice& slice) const {
    if (const auto* paid = std::get_if<Reward>(&slice.value))
        reward(out, slice.id, *paid);
    else
        transfer(out, slice.id, std::get<Transfer>(slice.value));
}

void Objects::header_members(json::Writer& out, const HeaderRecord& record,
                             const BlockHash& hash) const {
    const BlockHeader& header = record.header;
    out.key("proof").number(header.nonce);
    out.key("previous_hash").string(header.previous_hash.to_string());
    out.key("merkle_root").string(header.merkle_root.to_string());
    out.key("hash").string(hash.to_string());
    out.key("version").number(header.version);
    out.key("bits").string(bits_text(header.bits));
    const auto target = expand(header.bits);
    out.key("difficulty").raw(target ? double_text(difficulty_of(*target)) : "0");
    out.key("work").string(work_text(record.work));
    out.key("size").number(record.size);
}

void Objects::block_head(std::string& out, const HeaderRecord& record,
                         std::string_view before) const {
    out += '{';
    out += before;
    out += "\"index\":";
    json::append_number(out, record.height);
    json::Writer writer{out};
    out += ',';
    writer.key("timestamp").number(record.header.time);
    writer.key("transactions").begin_array();
}

void Objects::block_tail(std::string& out, const HeaderRecord& record, const BlockHash& hash,
                         std::string_view after) const {
    json::Writer writer{out};
    writer.end_array();
    header_members(writer, record, hash);
    out += after;
    out += '}';
}

void Objects::header(json::Writer& out, const HeaderRecord& record, const BlockHash& hash) const {
    out.begin_object();
    out.key("index").number(record.height);
    out.key("timestamp").number(record.header.time);
    out.key("transaction_count").number(record.transactions);
    header_members(out, record, hash);
    out.end_object();
}

}  // namespace cairn
