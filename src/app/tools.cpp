#include "app/tools.hpp"

#include <filesystem>
#include <iostream>

#include "app/block_checker.hpp"
#include "app/chain_export.hpp"
#include "app/chain_file.hpp"
#include "app/clock.hpp"
#include "app/import.hpp"
#include "app/progress.hpp"
#include "app/refuse.hpp"
#include "app/replay.hpp"
#include "app/store.hpp"
#include "core/base/hex.hpp"
#include "core/primitives/address.hpp"
#include "core/primitives/codec.hpp"
#include "core/primitives/coins.hpp"
#include "node/node.hpp"
#include "os/byte_file.hpp"
#include "wallet/atomic_file.hpp"

namespace cairn {
namespace {

struct Opened {
    std::shared_ptr<const ChainParams> chain;
    OpenedStore store;
};

/// The chain and store that a tool works on: one that is only read, or that is made if need be.
enum class Access : std::uint8_t { read, fill };

Result<Opened, std::string> open_tool(const ToolSettings& settings, Access access) {
    if (auto gap = no_name_for_datadir(settings.datadir, settings.chain))
        return fail(std::move(*gap));
    auto chain = load_chain(settings.chain);
    if (!chain) return fail(std::move(chain.error()));
    const std::string datadir = datadir_of(settings.datadir, settings.chain);
    if (access == Access::read) {
        std::error_code error;
        if (!std::filesystem::exists(std::filesystem::path{datadir} / "store", error))
            return fail("--datadir " + datadir + ": there is no store here" +
                        (error ? ": " + error.message() : "") +
                        "; --datadir or --chain names that of another node");
    } else if (const auto error = make_private_folder(datadir)) {
        return fail("--datadir " + datadir + ": this folder cannot be used: " + error.message() +
                    "; choose one in which you may write");
    }
    auto store =
        access == Access::read ? open_store_to_read(datadir) : open_store("rocksdb", datadir);
    if (!store) return fail(std::move(store.error()));
    return Opened{std::move(*chain), std::move(*store)};
}

/// The tip of a store that must hold this chain.
Result<Tip, std::string> tip_of(const Opened& opened, const Staged& rows) {
    auto ledger = Ledger::open(opened.chain, rows);
    if (!ledger) return fail(std::move(ledger.error().detail));
    return ledger->tip();
}

std::string at_tip(const Tip& tip) {
    return "index " + std::to_string(tip.height) + ", hash " + tip.hash.to_string() + ", issued " +
           format_coin_units(tip.issued) + " coins";
}

/// The bytes of the best chain's blocks from `from` on, as many as make a batch.
Result<std::vector<SharedBytes>, std::string> read_batch(const Staged& rows, Height from,
                                                         Height last) {
    std::vector<SharedBytes> batch;
    std::size_t bytes = 0;
    for (Height height = from; height <= last && batch.size() < kBatchBlocks && bytes < kBatchBytes;
         ++height) {
        const auto hash = tables::best(rows, height);
        auto block = hash ? tables::block(rows, height, *hash) : std::nullopt;
        if (!block)
            return fail("block " + std::to_string(height) + " cannot be read" +
                        (rows.fault() ? ": " + rows.fault()->detail : ""));
        bytes += block->size();
        batch.push_back(std::make_shared<const Bytes>(std::move(*block)));
    }
    return batch;
}

Result<Tip, std::string> verify(const ToolSettings& settings) {
    auto opened = open_tool(settings, Access::read);
    if (!opened) return fail(std::move(opened.error()));
    if (auto sound = opened->store.verify(); !sound)
        return fail("a file of the store is damaged: " + sound.error().detail);
    const Staged rows{opened->store.store->snapshot()};
    auto tip = tip_of(*opened, rows);
    if (!tip) return tip;
    const auto genesis = tables::block(rows, 1, opened->chain->genesis().hash);
    if (!genesis || *genesis != opened->chain->genesis_bytes())
        return fail("block 1 is not the genesis block");

    Replay replay{*opened->chain, rows};
    Progress progress{"verifying", tip->height};
    for (Height height = 2; height <= tip->height;) {
        const auto batch = read_batch(rows, height, tip->height);
        if (!batch) return fail(batch.error());
        for (const auto& checked : check_blocks(*batch, *opened->chain)) {
            if (!checked)
                return fail("block " + std::to_string(height) + ": " + checked.error().to_string());
            if (auto added = replay.add(**checked); !added) return fail(added.error());
            progress.show(height++);
        }
    }
    if (auto done = replay.finish(); !done) return fail(done.error());
    return tip;
}

/// `apart` is set if the file is standard output, so that the report has to go elsewhere.
Result<Tip, std::string> export_chain(const ToolSettings& settings, bool& apart) {
    auto opened = open_tool(settings, Access::read);
    if (!opened) return fail(std::move(opened.error()));
    const Staged rows{opened->store.store->snapshot()};
    auto tip = tip_of(*opened, rows);
    if (!tip) return tip;
    auto writer = ExportWriter::create(settings.file, encode(opened->chain->spec()), tip->height);
    if (!writer) return fail(std::move(writer.error()));
    apart = writer->is_standard_output();
    Progress progress{"exporting", tip->height};
    for (Height height = 1; height <= tip->height;) {
        const auto batch = read_batch(rows, height, tip->height);
        if (!batch) return fail(batch.error());
        for (const auto& block : *batch) {
            if (auto added = writer->add(*block); !added) return fail(added.error());
            progress.show(height++);
        }
    }
    if (auto done = writer->finish(); !done) return fail(done.error());
    return tip;
}

Result<Tip, std::string> import_chain(const ToolSettings& settings) {
    auto reader = ExportReader::open(settings.file);
    if (!reader) return fail(std::move(reader.error()));
    auto opened = open_tool(settings, Access::fill);
    if (!opened) return fail(std::move(opened.error()));
    if (reader->spec() != encode(opened->chain->spec()))
        return fail(settings.file + ": holds another chain than " + opened->chain->spec().name +
                    "; --chain names the chain of the file");
    auto node = Node::open(opened->chain, *opened->store.store, {}, read_clocks());
    if (!node) return fail(std::move(node.error().detail));
    const auto genesis = reader->next();
    if (!genesis) return fail(genesis.error());
    if (*genesis && **genesis != opened->chain->genesis_bytes())
        return fail(settings.file + ": does not begin with this chain's genesis block");
    Progress progress{"importing", reader->blocks()};
    const auto taken = import_blocks(
        **node, *opened->chain, [&] { return reader->next(); }, read_clocks,
        [&](std::uint64_t done) { progress.show(done + 1); });
    if (!taken) return fail(taken.error());
    return (*node)->ledger().tip();
}

int tell(const char* what, const Result<Tip, std::string>& outcome, bool apart = false) {
    if (!outcome) return refuse(outcome.error());
    (apart ? std::cerr : std::cout) << what << ": " << at_tip(*outcome) << "\n";
    return 0;
}

Result<ChainSpec, std::string> spec_of(const NewChainSettings& settings) {
    ChainSpec spec;
    spec.name = settings.name;
    spec.prefix = settings.prefix;
    spec.genesis_time = settings.genesis_time != 0 ? static_cast<UnixSeconds>(settings.genesis_time)
                                                   : read_clocks().wall;
    spec.mode = settings.mode == "asert" ? DifficultyMode::asert : DifficultyMode::fixed;
    const auto bits = from_hex(settings.bits);
    if (!bits || bits->size() != 4)
        return fail("--bits: expected 8 hex digits such as 1e0fffff, found \"" + settings.bits +
                    "\"");
    spec.bits = CompactBits{read_big_endian<std::uint32_t>(*bits)};
    if (spec.mode == DifficultyMode::asert) {
        spec.spacing = settings.spacing;
        spec.half_life = settings.half_life;
    }
    const auto coins = [](const std::string& flag,
                          const std::string& text) -> Result<std::uint64_t, std::string> {
        const auto amount = parse_coins(text);
        if (!amount) return fail(flag + ": " + std::string{to_sentence(amount.error())});
        return amount->units();
    };
    const auto subsidy = coins("--subsidy", settings.subsidy);
    if (!subsidy) return fail(subsidy.error());
    const auto opening = coins("--opening", settings.opening);
    if (!opening) return fail(opening.error());
    spec.subsidy = *subsidy;
    spec.opening = *opening;
    spec.halving_interval = settings.halving;
    spec.max_block = settings.max_block;
    spec.max_data = settings.max_data;
    spec.future_limit = settings.future_limit;
    spec.names = settings.names;
    for (const auto& text : settings.allocations) {
        const auto equals = text.find('=');
        const auto address = parse_address(text.substr(0, equals), spec.prefix);
        if (equals == std::string::npos || !address)
            return fail("--allocate: expected ADDRESS=COINS with an address of prefix " +
                        spec.prefix + ", found \"" + text + "\"");
        const auto amount = coins("--allocate", text.substr(equals + 1));
        if (!amount) return fail(amount.error());
        spec.allocations.push_back({*address, *amount});
    }
    return spec;
}

/// A file that is not there yet, or what is written through: standard output, a pipe, a device.
Result<void, std::string> write_new(const std::string& name, const std::string& text, bool& apart) {
    std::error_code error;
    const auto kind = std::filesystem::status(name, error).type();
    if (name != "-" && (kind == std::filesystem::file_type::not_found ||
                        kind == std::filesystem::file_type::regular)) {
        auto written = write_atomically(name, as_bytes(text), IfExists::refuse);
        if (!written) return fail(written.error().message());
        return {};
    }
    auto file = OutFile::create(name);
    if (!file) return fail(std::move(file.error()));
    apart = file->is_standard_output();
    if (auto put = file->write(as_bytes(text)); !put) return put;
    return file->finish();
}

}  // namespace

int run_verify(const ToolSettings& settings) { return tell("verified", verify(settings)); }
int run_export(const ToolSettings& settings) {
    bool apart = false;
    const auto outcome = export_chain(settings, apart);
    return tell("exported", outcome, apart);
}
int run_import(const ToolSettings& settings) { return tell("imported", import_chain(settings)); }

int run_new_chain(const NewChainSettings& settings) {
    auto spec = spec_of(settings);
    if (!spec) return refuse(spec.error());
    const auto params = ChainParams::make(*spec);
    if (!params) return refuse(params.error().detail);
    const std::string text = to_toml(*spec);
    bool apart = false;
    if (auto written = write_new(settings.file, text, apart); !written)
        return refuse(settings.file + ": cannot be written: " + written.error() +
                      "; choose a new name in a folder in which you may write");
    (apart ? std::cerr : std::cout)
        << "written: " << settings.file << ", genesis " << params->genesis().hash.to_string()
        << "\nstart a node on it: cairn node --chain " << settings.file << "\n";
    return 0;
}

}  // namespace cairn
