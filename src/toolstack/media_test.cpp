// SPDX-License-Identifier: GPL-2.0-or-later
// The commands about media, with a domain that takes note of what it is asked.
#include "toolstack/command_testing.hpp"

#include "base/event_loop.hpp"
#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "domain/saved_domain.hpp"
#include "storage/image.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>

namespace windsor::toolstack {
namespace {

using domain::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json drive(const char* name, const char* kind, const std::string& path)
{
    return {{"drive", name},     {"kind", kind},    {"removable", std::string_view{kind} != "disk"},
            {"backend", "file"}, {"path", path},    {"access", "r"},
            {"size", 0},         {"locked", false}, {"tray_open", false}};
}

class MediaCommands : public Commands {
protected:
    void SetUp() override
    {
        claim_.emplace(domain::Registry::open(directory_ / "run").value().claim("falstaff").value());
        ASSERT_TRUE(domain::write_beginning(claim_->entry().beginning_file(), {.fingerprint = "x"}));
        loop_ = base::EventLoop::create().value();
        server_ =
            domain::RpcServer::listen(domain::RpcServer::bind(claim_->entry().control_socket()).value(), *loop_, log_)
                .value();
        serve("drives", [this](const domain::RpcArguments&) { return drives_; });
        serve("insert_medium", [this](const domain::RpcArguments& arguments) {
            const base::Fd image = server_->take_descriptor();
            asked_ = {"insert", arguments.text("drive"), arguments.text("backend") + ":" + arguments.text("path"),
                      arguments.text("access"), arguments.truth("force") ? "force" : ""};
            mode_ = ::fcntl(image.get(), F_GETFL) & O_ACCMODE;
            return Json::object();
        });
        serve("eject_medium", [this](const domain::RpcArguments& arguments) {
            asked_ = {"eject", arguments.text("drive"), arguments.truth("force") ? "force" : ""};
            return Json::object();
        });
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    void TearDown() override
    {
        loop_->stop();
        thread_.join();
        server_.reset();
    }

    template <typename Method> void serve(const char* name, Method method)
    {
        server_->add(*domain::find_method(name), [method](const domain::RpcArguments& arguments,
                                                          const domain::Reply& reply) { reply(method(arguments)); });
    }
    std::string image(const std::string& name, std::uintmax_t bytes = 4096)
    {
        const std::string path = write(name, "x");
        std::filesystem::resize_file(path, bytes);
        return path;
    }
    // What a command that has to fail says.
    std::string refusal(const std::vector<std::string>& words)
    {
        asked_.clear();
        EXPECT_EQ(windsor(words), 1);
        EXPECT_TRUE(asked_.empty()) << "the domain is not asked";
        return err_.str();
    }

    std::optional<domain::Claim> claim_;
    base::Log log_{base::Log::discard()};
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<domain::RpcServer> server_;
    std::thread thread_;
    // Written by the loop's thread, which has answered when they are read.
    Json drives_ =
        Json::array({drive("hda", "disk", "/a.img"), drive("hdc", "cdrom", ""), drive("fda", "floppy", "/f")});
    std::vector<std::string> asked_;
    int mode_{-1};
};

TEST_F(MediaCommands, HandTheDomainAnOpenImage)
{
    const std::string disc = image("disc.iso");
    ASSERT_EQ(windsor({"cd-insert", "falstaff", "hdc", disc}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("insert", "hdc", "file:" + disc, "r", ""));
    EXPECT_EQ(mode_, O_RDONLY);
    ASSERT_EQ(xl({"cd-insert", "-f", "falstaff", "xvdc", "file:" + disc + ",raw"}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("insert", "hdc", "file:" + disc, "r", "force"));
    const std::string floppy = image("floppy.img");
    ASSERT_EQ(windsor({"cd-insert", "falstaff", "fda", floppy}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("insert", "fda", "file:" + floppy, "w", ""));
    EXPECT_EQ(mode_, O_RDWR);
    ASSERT_EQ(windsor({"cd-insert", "--read-only", "falstaff", "fda", floppy}), 0) << err_.str();
    EXPECT_EQ(mode_, O_RDONLY);
    const auto known = domain::read_beginning(claim_->entry().beginning_file()).value();
    EXPECT_THAT(known.media, ElementsAre("hdc:r:file:" + disc, "fda:w:file:" + floppy, "fda:r:file:" + floppy));
    EXPECT_TRUE(storage::open_image({.target = floppy, .access = storage::Access::ReadWrite}))
        << "what the domain has not kept is free again";
}

TEST_F(MediaCommands, MakeRelativePathsAbsolute)
{
    const std::filesystem::path before = std::filesystem::current_path();
    const std::string disc = image("disc.iso");
    std::filesystem::current_path(directory_.path());
    EXPECT_EQ(windsor({"cd-insert", "falstaff", "hdc", "./disc.iso"}), 0) << err_.str();
    std::filesystem::current_path(before);
    EXPECT_THAT(asked_, ElementsAre("insert", "hdc", "file:" + disc, "r", ""));
}

TEST_F(MediaCommands, TakeMediaOut)
{
    ASSERT_EQ(xl({"cd-eject", "falstaff", "5632"}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("eject", "hdc", ""));
    ASSERT_EQ(windsor({"cd-eject", "--force", "1", "fda"}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("eject", "fda", "force"));
}

TEST_F(MediaCommands, AreXmsToo)
{
    const std::string disc = image("disc.iso");
    ASSERT_EQ(xm({"block-configure", "falstaff", "file:" + disc, "hdc:cdrom", "r"}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("insert", "hdc", "file:" + disc, "r", ""));
    ASSERT_EQ(xm({"block-configure", "falstaff", "", "hdc:cdrom", "r", "0"}), 0) << err_.str();
    EXPECT_THAT(asked_, ElementsAre("eject", "hdc", ""));
    EXPECT_EQ(xm({"block-configure", "falstaff", "file:" + disc, "hdc:cdrom", "x"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("'x' is no mode of a drive"));
    EXPECT_EQ(xm({"block-configure", "falstaff", "file:" + disc, "hdc:cdrom", "r", "storage"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("driver domains are not provided"));
}

TEST_F(MediaCommands, RefuseWhatIsNoMediumWithoutHanging)
{
    const std::string disc = image("disc.iso");
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hda", disc}), HasSubstr("hda is a hard disk of domain 'falstaff'"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdd", disc}), HasSubstr("has no drive hdd"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "sda", disc}), HasSubstr("'sda' is no drive"));
    EXPECT_THAT(refusal({"cd-insert", "nobody", "hdc", disc}), HasSubstr("nobody"));
    const std::string none = (directory_ / "none.iso").string();
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", none}), HasSubstr("there is no such image of a disc"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", directory_.path().string()}), HasSubstr("is a directory"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", "/dev/null"}), HasSubstr("neither a file nor a block device"));
    ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", (directory_ / "fifo").string()}), HasSubstr("neither a file"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", image("empty", 0)}), HasSubstr("has no medium in it"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", "nbd:host:1"}), HasSubstr("not provided"));
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", ""}), HasSubstr("'cd-eject' takes one out"));
    const auto writer = storage::open_image({.target = disc, .access = storage::Access::ReadWrite}).value();
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", disc}), HasSubstr("in use"));
    EXPECT_TRUE(domain::read_beginning(claim_->entry().beginning_file()).value().media.empty());
}

// An intruder in the domain would like to have a disc that others use, too, open for writing.
TEST_F(MediaCommands, HandNobodyADiscToWriteTo)
{
    const std::string disc = image("disc.iso");
    for (const char* const kind : {"floppy", "disk", ""}) {
        Json lie = drive("hdc", kind, "");
        lie["removable"] = true;
        drives_ = Json::array({lie});
        ASSERT_EQ(windsor({"cd-insert", "falstaff", "hdc", disc}), 0) << err_.str();
        EXPECT_EQ(mode_, O_RDONLY) << kind;
        ASSERT_EQ(xm({"block-configure", "falstaff", "file:" + disc, "hdc", "w"}), 0) << err_.str();
        EXPECT_EQ(mode_, O_RDONLY) << kind;
    }
    EXPECT_THAT(domain::read_beginning(claim_->entry().beginning_file()).value().media,
                ElementsAre("hdc:r:file:" + disc));
}

TEST_F(MediaCommands, RefuseANameThatCannotBeTold)
{
    EXPECT_THAT(refusal({"cd-insert", "falstaff", "hdc", image("disc\xff.iso")}), HasSubstr("is not in UTF-8"));
    EXPECT_TRUE(domain::read_beginning(claim_->entry().beginning_file()).value().media.empty());
}

TEST_F(MediaCommands, ListDrivesInXensColumns)
{
    ASSERT_EQ(xl({"block-list", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "Vdev  BE  handle state evt-ch ring-ref BE-path                       \n"
                          "768   0   1      4     -1     -1       /a.img                        \n"
                          "5632  0   1      4     -1     -1       -                             \n"
                          "512   0   1      4     -1     -1       /f                            \n");
    ASSERT_EQ(xm({"block-list", "falstaff"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("Vdev  BE handle state evt-ch ring-ref BE-path\n"
                                      "768    0    0     4      -1     -1    /a.img "));
    ASSERT_EQ(xm({"block-list", "-l", "falstaff"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("(5632\n    (vbd\n        (dev hdc:cdrom)\n        (uname '')\n"));
    ASSERT_EQ(windsor({"block-list", "--long", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(Json::parse(out_.str()), drives_);
}

TEST_F(MediaCommands, BelieveNothingThatTheDomainSaysWrongly)
{
    for (const Json& lie : {Json::array({5}), Json::object(), Json::array({{{"drive", 5}}}),
                            Json::array({{{"drive", "hdc"}, {"removable", true}}})}) {
        drives_ = lie;
        EXPECT_EQ(windsor({"block-list", "falstaff"}), 1);
        EXPECT_THAT(err_.str(), HasSubstr("what it should not"));
        EXPECT_EQ(windsor({"cd-eject", "falstaff", "hdc"}), 1);
        EXPECT_EQ(windsor({"cd-insert", "falstaff", "hdc", image("disc.iso")}), 1);
    }
    drives_ = Json::array({drive("\x1b[2Jhdc", "cdrom", "/x\n768 0 1")});
    EXPECT_EQ(windsor({"block-list", "falstaff"}), 0);
    EXPECT_EQ(std::ranges::count(out_.str(), '\n'), 2);
}

} // namespace
} // namespace windsor::toolstack
