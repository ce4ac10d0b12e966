#include "app/chain_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <vector>

#include "api/objects.hpp"
#include "app/nearest_word.hpp"
#include "core/primitives/address.hpp"
#include "core/primitives/codec.hpp"
#include "core/primitives/coins.hpp"
#include "os/byte_file.hpp"
#include "os/home.hpp"

namespace cairn {
namespace {

/// Reads one table of a spec file; remembers the first fault.
class SpecReader {
public:
    explicit SpecReader(const toml::table& table) : table_{table} {}

    std::string text(std::string_view name) {
        const auto value = table_[name].value<std::string>();
        if (!value) return wrong(name, "a text"), std::string{};
        return *value;
    }
    std::uint64_t number(std::string_view name, std::uint64_t most, std::uint64_t absent) {
        if (!table_.contains(name)) return absent;
        const auto value = table_[name].value_exact<std::int64_t>();
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > most)
            return wrong(name, "a whole number from 0 to " + std::to_string(most)), 0;
        return static_cast<std::uint64_t>(*value);
    }
    /// Coins: a text, or a whole number. A float of the file would not be exact.
    std::uint64_t coins(const toml::node* node, std::string_view name) {
        std::string written;
        if (node != nullptr && node->is_string())
            written = *node->value<std::string>();
        else if (node != nullptr && node->is_integer())
            written = std::to_string(*node->value<std::int64_t>());
        const auto amount = parse_coins(written);
        if (!amount) return wrong(name, "coins as a text such as \"1.25\" or a whole number"), 0;
        return amount->units();
    }
    bool flag(std::string_view name) {
        if (!table_.contains(name)) return false;
        const auto value = table_[name].value<bool>();
        if (!value) wrong(name, "true or false");
        return value.value_or(false);
    }
    CompactBits bits(std::string_view name) {
        const auto bytes = from_hex(text(name));
        if (!bytes || bytes->size() != 4)
            return wrong(name, "8 hex digits such as \"1e0fffff\""), CompactBits{};
        return CompactBits{read_big_endian<std::uint32_t>(*bytes)};
    }
    void wrong(std::string_view name, const std::string& expected) {
        if (error_.empty()) error_ = std::string{name} + ": expected " + expected;
    }
    [[nodiscard]] const std::string& error() const { return error_; }

private:
    const toml::table& table_;
    std::string error_;
};

// As many bytes as the allocations of the largest genesis block take, and more.
constexpr std::size_t kSpecFileMax = 256UL * 1024 * 1024;

const std::vector<std::string> kMembers = {
    "name",         "prefix",  "genesis_time",     "mode",      "bits",     "spacing",
    "half_life",    "subsidy", "halving_interval", "max_block", "max_data", "opening",
    "future_limit", "names",   "allocations"};
const std::vector<std::string> kAllocationMembers = {"recipient", "amount"};
const std::vector<std::string> kModes = {"fixed", "asert"};

/// A sentence about the first member of `table` that is none of `known`.
std::optional<std::string> unknown_member(const toml::table& table,
                                          const std::vector<std::string>& known) {
    for (const auto& [key, value] : table) {
        const std::string name{key.str()};
        if (std::ranges::find(known, name) == known.end())
            return "line " + std::to_string(key.source().begin.line) + ": there is no member \"" +
                   name + "\"" + did_you_mean(name, known) + " (expected " + one_of_these(known) +
                   ")";
    }
    return std::nullopt;
}

void read_allocations(const toml::table& table, SpecReader& reader, ChainSpec& spec) {
    const auto* list = table["allocations"].as_array();
    if (list == nullptr) {
        if (table.contains("allocations")) reader.wrong("allocations", "an array of tables");
        return;
    }
    for (const auto& item : *list) {
        const auto* entry = item.as_table();
        const auto text =
            entry != nullptr ? (*entry)["recipient"].value<std::string>() : std::nullopt;
        const auto address = text ? parse_address(*text, spec.prefix) : std::nullopt;
        if (!address) {
            reader.wrong("allocations",
                         "a recipient that is an address with prefix " + spec.prefix);
            return;
        }
        spec.allocations.push_back({*address, reader.coins(entry->get("amount"), "allocations")});
    }
}

}  // namespace

Result<ChainSpec, std::string> chain_from_toml(const std::string& text, const std::string& source) {
    toml::table table;
    try {
        table = toml::parse(text, source);
    } catch (const toml::parse_error& error) {
        return fail(source + ": line " + std::to_string(error.source().begin.line) + ": " +
                    std::string{error.description()});
    }
    if (const auto unknown = unknown_member(table, kMembers)) return fail(source + ": " + *unknown);
    if (const auto* list = table["allocations"].as_array())
        for (const auto& item : *list)
            if (const auto* entry = item.as_table())
                if (const auto unknown = unknown_member(*entry, kAllocationMembers))
                    return fail(source + ": " + *unknown);
    SpecReader reader{table};
    ChainSpec spec;
    spec.name = reader.text("name");
    spec.prefix = reader.text("prefix");
    spec.genesis_time = static_cast<UnixSeconds>(reader.number("genesis_time", UINT32_MAX, 0));
    const std::string mode = reader.text("mode");
    if (std::ranges::find(kModes, mode) == kModes.end())
        reader.wrong(
            "mode", one_of_these(kModes) + ", found \"" + mode + "\"" + did_you_mean(mode, kModes));
    spec.mode = mode == "asert" ? DifficultyMode::asert : DifficultyMode::fixed;
    spec.bits = reader.bits("bits");
    spec.spacing = static_cast<std::uint32_t>(reader.number("spacing", UINT32_MAX, 0));
    spec.half_life = static_cast<std::uint32_t>(reader.number("half_life", UINT32_MAX, 0));
    spec.subsidy = reader.coins(table.get("subsidy"), "subsidy");
    spec.halving_interval = reader.number("halving_interval", INT64_MAX, 0);
    spec.max_block = static_cast<std::uint32_t>(reader.number("max_block", UINT32_MAX, 0));
    spec.max_data = static_cast<std::uint32_t>(reader.number("max_data", UINT32_MAX, 0));
    if (table.contains("opening")) spec.opening = reader.coins(table.get("opening"), "opening");
    spec.future_limit = static_cast<std::uint32_t>(reader.number("future_limit", UINT32_MAX, 0));
    spec.names = reader.flag("names");
    read_allocations(table, reader, spec);
    if (!reader.error().empty()) return fail(source + ": " + reader.error());
    return spec;
}

std::string to_toml(const ChainSpec& spec) {
    std::ostringstream out;
    const auto quoted = [](std::string_view text) {
        std::string escaped = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') escaped += '\\';
            escaped += c;
        }
        return escaped + "\"";
    };
    const bool asert = spec.mode == DifficultyMode::asert;
    out << "name = " << quoted(spec.name) << "\nprefix = " << quoted(spec.prefix)
        << "\ngenesis_time = " << spec.genesis_time
        << "\nmode = " << quoted(asert ? "asert" : "fixed")
        << "\nbits = " << quoted(bits_text(spec.bits)) << "\n";
    if (asert) out << "spacing = " << spec.spacing << "\nhalf_life = " << spec.half_life << "\n";
    out << "subsidy = " << quoted(format_coin_units(spec.subsidy))
        << "\nhalving_interval = " << spec.halving_interval << "\nmax_block = " << spec.max_block
        << "\nmax_data = " << spec.max_data
        << "\nopening = " << quoted(format_coin_units(spec.opening))
        << "\nfuture_limit = " << spec.future_limit
        << "\nnames = " << (spec.names ? "true" : "false") << "\n";
    for (const auto& allocation : spec.allocations)
        out << "\n[[allocations]]\nrecipient = "
            << quoted(format_address(allocation.recipient, spec.prefix))
            << "\namount = " << quoted(format_coin_units(allocation.amount)) << "\n";
    return out.str();
}

Result<std::shared_ptr<const ChainParams>, std::string> load_chain(
    const std::string& name_or_file) {
    auto spec = built_in_chain(name_or_file);
    if (!spec) {
        const auto text = read_text(from_home(name_or_file), kSpecFileMax);
        if (!text)
            return fail("--chain: expected main, steady, dev or a readable TOML file, found \"" +
                        name_or_file + "\": " + text.error() +
                        did_you_mean(name_or_file, {kBuiltInChains.begin(), kBuiltInChains.end()}));
        auto read = chain_from_toml(*text, name_or_file);
        if (!read) return fail(std::move(read.error()));
        spec = std::move(*read);
    }
    auto params = ChainParams::make(std::move(*spec));
    if (!params) return fail(name_or_file + ": " + params.error().detail);
    return std::make_shared<const ChainParams>(std::move(*params));
}

}  // namespace cairn
