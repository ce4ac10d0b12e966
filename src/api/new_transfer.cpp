#include "api/new_transfer.hpp"

#include "core/base/hex.hpp"
#include "core/primitives/transfer.hpp"

namespace cairn {
namespace {

using json::Fields;
using Refused = http::Problem;

Result<std::optional<Bytes>, Refused> read_hex(const Fields& fields, std::string_view name) {
    const auto text = fields.optional_string(name);
    if (!text) return fail(http::problem_of(text.error()));
    if (!*text) return std::optional<Bytes>{};
    auto bytes = from_hex(**text);
    if (!bytes)
        return fail(
            field_problem(name, "hex, two digits a byte", "\"" + (*text)->substr(0, 40) + "\""));
    return bytes;
}

/// `memo` or `data`, not both.
struct Note {
    std::optional<std::string> memo;
    Bytes data;
};
Result<Note, Refused> read_note(const Fields& fields) {
    if (fields.has("memo") && fields.has("data"))
        return fail(field_problem("memo", "either memo (text) or data (hex)", "both"));
    const auto memo = fields.optional_string("memo");
    if (!memo) return fail(http::problem_of(memo.error()));
    auto data = read_hex(fields, "data");
    if (!data) return fail(std::move(data.error()));
    return Note{*memo, data->value_or(Bytes{})};
}

Result<NamedAddress, Refused> read_party(const Fields& fields, std::string_view name,
                                         const Services& services) {
    const auto text = fields.string(name);
    if (!text) return fail(http::problem_of(text.error()));
    return parse_named(name, *text, services.chain->spec(), services.names);
}

/// The members that signed and unsigned transfers share.
Result<Transfer, Refused> read_amounts(const Fields& fields) {
    const auto amount = fields.coins("amount");
    if (!amount) return fail(http::problem_of(amount.error()));
    if (amount->units() == 0)
        return fail(field_problem("amount", "an amount above 0, such as 0.00000001 or 5", "0"));
    const auto fee = fields.optional_coins("fee");
    if (!fee) return fail(http::problem_of(fee.error()));
    Transfer transfer;
    transfer.amount = amount->units();
    transfer.fee = fee->value_or(Amount{}).units();
    return transfer;
}

Result<SignedTransfer, Refused> read_raw(const Fields& fields) {
    // The bytes say all of it: what is named beside them could only be ignored.
    for (const std::string_view name :
         {"sender", "recipient", "amount", "fee", "nonce", "memo", "data", "signature"})
        if (fields.has(name))
            return fail(field_problem("raw", "raw alone, or a transfer's members",
                                      "raw and " + std::string{name}));
    auto raw = read_hex(fields, "raw");
    if (!raw) return fail(std::move(raw.error()));
    if (!*raw) return fail(field_problem("raw", "a transfer's bytes in hex", "nothing"));
    if (!decode_transfer(**raw))
        return fail(field_problem("raw", "a transfer's encoding (docs/consensus.md)",
                                  std::to_string((*raw)->size()) + " bytes that do not decode"));
    return SignedTransfer{std::move(**raw)};
}

Result<SignedTransfer, Refused> read_signed(const Fields& fields, const Services& services) {
    auto transfer = read_amounts(fields);
    if (!transfer) return fail(std::move(transfer.error()));
    const auto sender = read_party(fields, "sender", services);
    if (!sender) return fail(sender.error());
    const auto recipient = read_party(fields, "recipient", services);
    if (!recipient) return fail(recipient.error());
    const auto nonce = fields.uint("nonce");
    if (!nonce) return fail(http::problem_of(nonce.error()));
    auto note = read_note(fields);
    if (!note) return fail(std::move(note.error()));
    const auto signature = read_hex(fields, "signature");
    if (!signature) return fail(signature.error());
    if (!*signature || (*signature)->size() != 64)
        return fail(field_problem(
            "signature", "128 hex digits",
            *signature ? std::to_string((*signature)->size() * 2) + " digits" : "nothing"));
    transfer->sender = sender->address;
    transfer->recipient = recipient->address;
    transfer->nonce = *nonce;
    transfer->data = std::move(note->data);
    if (note->memo) append(transfer->data, as_bytes(*note->memo));
    std::copy((*signature)->begin(), (*signature)->end(), transfer->signature.bytes.begin());
    return SignedTransfer{encode(*transfer)};
}

/// Whose transfer it is to be, and the key for it.
Result<std::pair<NamedAddress, SecretKey>, Refused> read_sender(const Fields& fields,
                                                                const Services& services,
                                                                const Caller& caller) {
    if (fields.has("sender")) {
        auto sender = read_party(fields, "sender", services);
        if (!sender) return fail(std::move(sender.error()));
        if (sender->name) {
            SecretKey key = name_key(Name{*sender->name});
            return std::pair{std::move(*sender), std::move(key)};
        }
        if (sender->address != caller.address) {
            Refused problem{
                .status = 403,
                .detail = "sender: this node signs for the caller's own address only (" +
                          services.objects.address(caller.address) +
                          "); send a signed transfer for any other."};
            problem.field = "sender";
            return fail(std::move(problem));
        }
    }
    if (!caller.key)
        return fail(Refused{.status = 403,
                            .detail =
                                "The operator's key is locked: this node could not open it with "
                                "<datadir>/operator.password. Name a sender, or send a signed "
                                "transfer."});
    return std::pair{NamedAddress{caller.address, std::nullopt}, caller.key->key().clone()};
}

Result<UnsignedTransfer, Refused> read_unsigned(const Fields& fields, const Services& services,
                                                const Caller& caller) {
    auto recipient = read_party(fields, "recipient", services);
    if (!recipient) return fail(std::move(recipient.error()));
    auto transfer = read_amounts(fields);
    if (!transfer) return fail(std::move(transfer.error()));
    const auto nonce = fields.optional_uint("nonce");
    if (!nonce) return fail(http::problem_of(nonce.error()));
    auto note = read_note(fields);
    if (!note) return fail(std::move(note.error()));
    auto sender = read_sender(fields, services, caller);
    if (!sender) return fail(std::move(sender.error()));

    transfer->sender = sender->first.address;
    transfer->recipient = recipient->address;
    transfer->data = std::move(note->data);
    const bool named = sender->first.name || recipient->name;
    if (named && transfer->data.empty()) {
        const std::string envelope =
            encode_envelope({sender->first.name, recipient->name, std::move(note->memo)});
        append(transfer->data, as_bytes(envelope));
    } else if (note->memo) {
        append(transfer->data, as_bytes(*note->memo));
    }
    const std::uint32_t most = services.chain->spec().max_data;
    if (transfer->data.size() > most)
        return fail(field_problem(note->memo || named ? "memo" : "data",
                                  "at most " + std::to_string(most) + " bytes in all",
                                  std::to_string(transfer->data.size())));
    return UnsignedTransfer{std::move(sender->first), std::move(*transfer), *nonce,
                            std::move(sender->second)};
}

}  // namespace

Result<SignedTransfer, http::Problem> read_signed_transfer(const json::Value& value,
                                                           const Services& services) {
    const auto fields = Fields::of(value);
    if (!fields) return fail(http::problem_of(fields.error()));
    return fields->has("raw") ? read_raw(*fields) : read_signed(*fields, services);
}

Result<NewTransfer, http::Problem> read_new_transfer(const json::Value& value,
                                                     const Services& services,
                                                     const Caller* caller) {
    const auto fields = Fields::of(value);
    if (!fields) return fail(http::problem_of(fields.error()));
    if (fields->has("raw") || fields->has("signature")) {
        auto transfer = read_signed_transfer(value, services);
        if (!transfer) return fail(std::move(transfer.error()));
        return NewTransfer{std::move(*transfer)};
    }
    if (caller == nullptr)
        return fail(http::Problem{.status = 401,
                                  .detail =
                                      "Log in (POST /login) and send the token as "
                                      "`Authorization: Bearer TOKEN` so that this node signs for "
                                      "you, or send a transfer that is signed already."});
    auto transfer = read_unsigned(*fields, services, *caller);
    if (!transfer) return fail(std::move(transfer.error()));
    return NewTransfer{std::move(*transfer)};
}

}  // namespace cairn
