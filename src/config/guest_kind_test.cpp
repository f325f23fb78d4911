// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& text)
{
    const auto loaded = load_text(text, "test.cfg", {});
    EXPECT_FALSE(loaded.has_value()) << text;
    return loaded ? "" : loaded.error().message();
}

// Each of these is a guest whose kernel the host would have to start.
TEST(GuestKind, AParavirtualGuestIsCalledOne)
{
    for (const char* text : {
             "builder = 'linux'",
             "builder = 'generic'\nkernel = '/boot/vmlinuz'",
             "type = 'pv'",
             "type = 'pvh'\nkernel = '/boot/vmlinuz'",
             "kernel = '/boot/vmlinuz'\nramdisk = '/boot/initrd.img'\nroot = '/dev/xvda1 ro'",
             "ramdisk = '/boot/initrd.img'\nmemory = 64",
             "bootloader = '/usr/bin/pygrub'\ndisk = ['tap2:aio:/some.img,xvda,w']",
             "loader = '/boot/loader'",
         }) {
        EXPECT_THAT(error_of(text), HasSubstr("describes a paravirtual guest")) << text;
    }
    EXPECT_EQ(
        error_of("memory = 64\nbootloader = '/usr/bin/pygrub'\n"),
        "test.cfg:2:14: bootloader = '/usr/bin/pygrub' describes a paravirtual guest, whose kernel the host "
        "starts; Windsor runs unmodified systems: install one from a CD, with builder = 'hvm' and without kernel, "
        "ramdisk, bootloader and root\n"
        "    bootloader = '/usr/bin/pygrub'\n"
        "                 ^");
}

TEST(GuestKind, AParavirtualGuestIsFoundInATextThatCannotBeEvaluated)
{
    EXPECT_THAT(error_of("# of an installer\nif not install_method: raise ValueError\nkernel = '/boot/vmlinuz'\n"),
                testing::StartsWith("test.cfg:3:1: 'kernel' describes a paravirtual guest"));
    EXPECT_THAT(error_of("builder = 'hvm'\nraise ValueError\n"), HasSubstr("test.cfg:2:1: "));
    EXPECT_THAT(error_of("memory = = 3\n"), HasSubstr("test.cfg:1:"));
    EXPECT_THAT(error_of("if kernel == 3: raise ValueError\n"), testing::Not(HasSubstr("paravirtual")));
}

TEST(GuestKind, AnUnmodifiedSystemStartsItsKernelItself)
{
    EXPECT_THAT(error_of("builder = 'hvm'\nkernel = '/tmp/vmlinuz'\nramdisk = '/tmp/initrd'"),
                HasSubstr("test.cfg:2:10: kernel = '/tmp/vmlinuz' asks to boot a kernel directly"));
    for (const char* text : {"builder = 'hvm'\nkernel = '/usr/lib/xen/boot/hvmloader'", "kernel = 'hvmloader'",
                             "type = 'hvm'\nbootloader = ''\nramdisk = ''", "loader = '/usr/lib/xen/boot/hvmloader'"}) {
        EXPECT_TRUE(load_text(text, "test.cfg", {}).has_value()) << text;
    }
}

} // namespace
} // namespace windsor::config
